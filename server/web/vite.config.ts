import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // Relative, so that a proxy can serve the page below a path.
  base: './',
  build: {
    target: 'es2022',
    outDir: 'dist/app',
    emptyOutDir: true,
    // The page's content security policy allows no inlined data.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1_000,
    modulePreload: { polyfill: false },
  },
});
