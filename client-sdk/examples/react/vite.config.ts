import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const target = process.env.PARLEY_URL ?? 'https://localhost:8443';

export default defineConfig({
  plugins: [react()],
  server: {
    // For development: the page is passed off as the server's own, whose certificate nobody knows yet. Elsewhere name the page's
    // origin in the server's setting `origins`, and give `url` to `useParley`.
    proxy: {
      '/socket.io': { target, ws: true, secure: false, changeOrigin: true, rewriteWsOrigin: true },
    },
  },
});
