import { useState } from 'preact/hooks'
import type { PublicJob } from '../../shared/public-job.ts'
import { CopyButton } from '../design/copy-button.tsx'
import { type Call, LANGUAGES, type Language, snippetOf } from './snippets.ts'

/** The same call for programs, and what it answered. */
export function CallSnippets({ call, job }: { call: Call; job?: PublicJob | undefined }) {
  const [language, setLanguage] = useState<Language>('curl')
  const snippet = snippetOf(language, call)
  const languages = Object.entries(LANGUAGES) as [Language, string][]
  return (
    <details class="call">
      <summary>Call it from your code</summary>
      <div class="call-bar">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be drawn as a form */}
        <div class="choices" role="group" aria-label="Language">
          {languages.map(([key, name]) => (
            <button type="button" key={key} aria-pressed={key === language} onClick={() => setLanguage(key)}>
              {name}
            </button>
          ))}
        </div>
        <CopyButton text={snippet} />
        {job && <CopyButton text={JSON.stringify(job, null, 2)} label="Copy the answer" />}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard */}
      <pre tabIndex={0}>{snippet}</pre>
    </details>
  )
}
