import { render } from 'preact'
import { PageFrame } from '../design/page-frame.tsx'

const page = document.getElementById('page')
if (page)
  render(
    <PageFrame current="dashboard">
      <h1>Dashboard</h1>
    </PageFrame>,
    page,
  )
