import { defineConfig } from 'vite';

/** The player page's one script: it is handed to the browser as it is, so everything is inside it. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: 'dist/player',
    // The compiler puts the page's declarations into the same folder.
    emptyOutDir: false,
    target: 'es2023',
    minify: false,
    reportCompressedSize: false,
    lib: { entry: 'src/player/main.ts', formats: ['iife'], name: 'parleyPlayerScript', fileName: () => 'player.js' },
  },
});
