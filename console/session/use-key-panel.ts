import type { Ref } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

export interface KeyPanel {
  isShown: boolean
  show: (isShown: boolean) => void
  /** Closes it for who was in it. */
  close: () => void
  /** What opens and closes it, and has the focus once it is closed. */
  button: Ref<HTMLButtonElement>
}

/**
 * What takes the key: there when the service refuses, gone once it accepts, and otherwise as its reader wants it.
 * `refusal`: of the key that is in use; undefined while there is no answer to it.
 */
export function useKeyPanel(refusal: string | undefined, isAccepted: boolean): KeyPanel {
  const [isShown, show] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (refusal !== undefined) show(true)
    else if (isAccepted) show(false)
  }, [refusal, isAccepted])
  const close = () => {
    show(false)
    button.current?.focus()
  }
  return { isShown, show, close, button }
}
