import { useEffect, useState } from 'preact/hooks'

interface IntakeProps {
  /** Whether there is nothing else on the page yet: then it takes more room. */
  isEmpty: boolean
  onFiles: (files: readonly File[]) => void
}

/** Where photos come in: dropped or pasted anywhere on the page, picked, or taken with a camera. */
export function Intake({ isEmpty, onFiles }: IntakeProps) {
  const isOver = usePageIntake(onFiles)
  return (
    <section
      class={`intake ${isEmpty ? 'intake-empty' : ''} ${isOver ? 'intake-over' : ''}`}
      aria-label="Add photos"
    >
      <svg class="intake-icon" viewBox="0 0 24 24" width="32" height="32" aria-hidden="true">
        <path d="M4 17v2a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-2M12 4v11M7 9l5-5 5 5" />
      </svg>
      <p>
        <strong>Drop photos here</strong> or paste them
      </p>
      <div class="intake-buttons">
        <FileButton label="Choose photos" isMain onFiles={onFiles} />
        <FileButton label="Take a photo" isCamera onFiles={onFiles} />
      </div>
    </section>
  )
}

interface FileButtonProps {
  label: string
  isMain?: boolean
  /** Opens the camera, where there is one. */
  isCamera?: boolean
  onFiles: IntakeProps['onFiles']
}

function FileButton({ label, isMain = false, isCamera = false, onFiles }: FileButtonProps) {
  const take = (input: HTMLInputElement) => {
    onFiles([...(input.files ?? [])])
    // The same file may be chosen again.
    input.value = ''
  }
  return (
    <label class={`button ${isMain ? 'primary' : ''} ${isCamera ? 'camera' : ''}`}>
      {label}
      <input
        class="visually-hidden"
        type="file"
        accept="image/*"
        multiple={!isCamera}
        capture={isCamera ? 'environment' : undefined}
        onChange={(event) => take(event.currentTarget)}
      />
    </label>
  )
}

/** Takes what is dropped or pasted anywhere; answers whether something is held over the page. */
function usePageIntake(onFiles: IntakeProps['onFiles']): boolean {
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false)
    }
    const drop = (event: DragEvent) => {
      event.preventDefault()
      setOver(false)
      onFiles([...(event.dataTransfer?.files ?? [])])
    }
    const paste = (event: ClipboardEvent) => onFiles([...(event.clipboardData?.files ?? [])])
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    addEventListener('paste', paste)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
      removeEventListener('paste', paste)
    }
  }, [onFiles])
  return isOver
}
