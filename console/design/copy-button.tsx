import { useState } from 'preact/hooks'

const SHOWN_MS = 2_000

/** Copies text. Where the browser forbids that (a page without TLS), it says so: the text is there to be selected. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [said, setSaid] = useState<string>()
  const copy = async () => {
    const copied = await copyText(text)
    setSaid(copied ? 'Copied' : 'Not allowed here')
    setTimeout(() => setSaid(undefined), SHOWN_MS)
  }
  return (
    <button type="button" class="quiet" onClick={copy}>
      <span aria-live="polite">{said ?? label}</span>
    </button>
  )
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
