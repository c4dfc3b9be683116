import { render } from 'preact'
import { PageFrame } from '../design/page-frame.tsx'

const page = document.getElementById('page')
if (page)
  render(
    <PageFrame current="playground">
      <h1>Playground</h1>
    </PageFrame>,
    page,
  )
