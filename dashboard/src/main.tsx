import { QueryClientProvider } from '@tanstack/react-query'
import { createRouter, RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { tree } from './routes'
import { client } from './session'
import './style.css'
import { apply } from './theme'

apply()

const router = createRouter({ routeTree: tree, basepath: new URL(document.baseURI).pathname, defaultPreload: 'intent', scrollRestoration: true })

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
