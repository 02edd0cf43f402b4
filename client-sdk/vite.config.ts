import { defineConfig } from 'vite';

/** One file with everything inside, for pages without a bundler. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: 'dist/bundle',
    sourcemap: true,
    target: 'es2022',
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: 'dist/index.js',
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: 'parley.js', codeSplitting: false },
    },
  },
});
