import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Every address is relative to the <base> that the server writes, so one build works behind any path.
export default defineConfig({
  base: './',
  plugins: [react(), tailwindcss()],
  build: { outDir: 'dist', target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 2048 },
  server: {
    proxy: Object.fromEntries(['/api', '/data', '/session', '/river', '/openapi.yaml'].map((at) => [at, process.env.PAYGATE_DASHBOARD ?? 'http://localhost:3000'])),
  },
})
