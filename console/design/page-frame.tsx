import type { ComponentChildren } from 'preact'
import './design.css'

const PAGES = [
  { name: 'playground', path: '/', title: 'Playground' },
  { name: 'dashboard', path: '/dashboard', title: 'Dashboard' },
  { name: 'docs', path: '/docs', title: 'API' },
] as const

/** What is the same on every page: where one is, and where one may go. `aside`: at the end of the bar. */
export function PageFrame({
  current,
  aside,
  children,
}: {
  current: 'playground' | 'dashboard'
  aside?: ComponentChildren
  children: ComponentChildren
}) {
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <a class="mark" href="/">
          <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
            <rect width="32" height="32" rx="8" class="mark-ground" />
            <path d="M8 10h16M8 16h11M8 22h6" class="mark-lines" />
          </svg>
          Edgebatch
        </a>
        <nav aria-label="Pages">
          {PAGES.map(({ name, path, title }) => (
            <a key={name} href={path} aria-current={name === current ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        {aside && <div class="bar-end">{aside}</div>}
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  )
}
