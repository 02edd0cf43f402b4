import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const target = process.env.PARLEY_URL ?? 'https://localhost:8443';

export default defineConfig({
  plugins: [react()],
  server: {
    // For development: the page is presented as the server's own, and any certificate is accepted. Elsewhere, add the page's origin to the
    // server's setting `origins`, and pass `url` to `useParley`.
    proxy: {
      '/socket.io': { target, ws: true, secure: false, changeOrigin: true, rewriteWsOrigin: true },
    },
  },
});
