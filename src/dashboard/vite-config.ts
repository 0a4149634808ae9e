/** For `scripts/build-dashboard.sh`: one page, hashed assets beside it, nothing inline and nothing from the network. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  plugins: [react()],
  // Replaced by the server with a nonce of each answer, for the style elements of the components.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    // An inlined asset would be a `data:` URL, which the content security policy allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One chunk: a sensor's page is opened once and stays open for days.
    chunkSizeWarningLimit: 1200,
  },
});
