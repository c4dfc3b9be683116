import { render } from 'preact'
import { Playground } from './playground.tsx'

const page = document.getElementById('page')
if (page) render(<Playground origin={location.origin} />, page)
