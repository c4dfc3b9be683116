import type { PublicDeadLetter } from '../../shared/public-dead-letter.ts'
import { Modal } from './modal.tsx'

interface DropDialogProps {
  letter: PublicDeadLetter
  onDrop: (letter: PublicDeadLetter) => void
  onClose: () => void
}

/** Asks once more: what is dropped is gone. */
export function DropDialog({ letter, onDrop, onClose }: DropDialogProps) {
  return (
    <Modal title="Drop this dead letter?" onClose={onClose}>
      <p>
        <span class="mono">{letter.id}</span> and its photo are deleted: nobody can run it again.
      </p>
      {/* It closes the dialog by itself, so that the browser puts the focus back. */}
      <form method="dialog" onSubmit={() => onDrop(letter)}>
        <button type="submit" class="primary">
          Drop it
        </button>
      </form>
    </Modal>
  )
}
