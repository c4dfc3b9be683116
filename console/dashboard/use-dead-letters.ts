import { useCallback, useEffect, useState } from 'preact/hooks'
import type { PublicDeadLetter } from '../../shared/public-dead-letter.ts'
import { problemOf } from '../session/problem.ts'
import type { AdminApi } from './admin-api.ts'

export interface LetterList {
  letters: readonly PublicDeadLetter[]
  /** Undefined where that is all. */
  more: (() => Promise<void>) | undefined
  /** What was done last, or why it was not. */
  said: string
  retry: (letter: PublicDeadLetter) => Promise<void>
  drop: (letter: PublicDeadLetter) => Promise<void>
}

/** Dead letters of a model, or of all ('' ), and what may be done with them. Read anew when their number (`count`) changes. */
export function useDeadLetters(api: AdminApi, model: string, count: number): LetterList {
  const [letters, setLetters] = useState<readonly PublicDeadLetter[]>([])
  const [next, setNext] = useState<string | null>(null)
  const [said, say] = useState('')
  const attempt = useCallback(
    (call: () => Promise<void>) =>
      call().catch((error: unknown) => {
        const { title, detail } = problemOf(error)
        say(`${title}: ${detail}`)
      }),
    [],
  )
  // Another number is the reason to read anew.
  useEffect(() => {
    let isWanted = true
    void attempt(async () => {
      const page = await api.deadLetters(model, null)
      if (!isWanted) return
      setLetters(page.dead_letters)
      setNext(page.next)
    })
    return () => {
      isWanted = false
    }
  }, [api, model, count, attempt])
  const leave = ({ id }: PublicDeadLetter) => setLetters((all) => all.filter((letter) => letter.id !== id))
  const more = () =>
    attempt(async () => {
      const page = await api.deadLetters(model, next)
      setLetters((all) => [...all, ...page.dead_letters])
      setNext(page.next)
    })
  return {
    ...{ letters, said, more: next === null ? undefined : more },
    retry: (letter) =>
      attempt(async () => {
        const { id, served } = await api.retry(letter.id)
        leave(letter)
        const version = `${letter.model}@${letter.model_version}`
        say(
          `Runs again as ${id}.${served ? '' : ` No pool serves ${version} now: if none does by its deadline, it expires.`}`,
        )
      }),
    drop: (letter) =>
      attempt(async () => {
        await api.drop(letter.id)
        leave(letter)
        say(`Dropped ${letter.id}.`)
      }),
  }
}
