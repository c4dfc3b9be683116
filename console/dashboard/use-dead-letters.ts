import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { PublicDeadLetter } from '../../shared/public-dead-letter.ts'
import { type Problem, problemOf } from '../session/problem.ts'
import type { AdminApi } from './admin-api.ts'
import { isRefusal } from './is-refusal.ts'

export interface LetterList {
  /** Undefined while they are not known. */
  letters: readonly PublicDeadLetter[] | undefined
  /** Undefined where that is all. */
  more: (() => void) | undefined
  /** What was done last, or why it was not. */
  said: string
  retry: (letter: PublicDeadLetter) => void
  drop: (letter: PublicDeadLetter) => void
}

interface LettersWanted {
  /** '' for all. */
  model: string
  /** How many there are: they are read anew when that changes. */
  count: number
  /** Of when the number is; what could not be read for a passing reason is read again with the next. */
  at: string
  /** Called before a letter leaves the list. */
  onLeave: (id: string) => void
}

/** Dead letters, and what may be done with them. */
export function useDeadLetters(api: AdminApi, { model, count, at, onLeave }: LettersWanted): LetterList {
  const [letters, setLetters] = useState<readonly PublicDeadLetter[]>()
  const [next, setNext] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem>()
  const [said, say] = useState('')
  // What is under way is not begun a second time, however often it is asked for.
  const underWay = useRef(new Set<string>())
  const list = useRef(0)
  const again = problem === undefined || isRefusal(problem) ? '' : at
  // Another number is the reason to read anew.
  useEffect(() => {
    const read = ++list.current
    const isWanted = () => read === list.current
    api.deadLetters(model, null).then(
      (page) => {
        if (!isWanted()) return
        setLetters(page.dead_letters)
        setNext(page.next)
        setProblem(undefined)
      },
      (error) => isWanted() && setProblem(problemOf(error)),
    )
    return () => {
      list.current += 1
    }
  }, [api, model, count, again])

  const once = useCallback(async (name: string, call: () => Promise<void>) => {
    if (underWay.current.has(name)) return
    underWay.current.add(name)
    await call().catch((error: unknown) => say(textOf(problemOf(error))))
    underWay.current.delete(name)
  }, [])
  const leave = (id: string) => {
    onLeave(id)
    setLetters((all) => all?.filter((letter) => letter.id !== id))
  }
  const settle = ({ id }: PublicDeadLetter, call: () => Promise<string>) =>
    void once(id, async () => {
      try {
        say(await call())
      } catch (error) {
        // Another administrator was faster.
        if (problemOf(error).code !== 'dead-letter-not-found') throw error
        say(textOf(problemOf(error)))
      }
      leave(id)
    })
  const more = () =>
    void once('', async () => {
      const read = list.current
      const page = await api.deadLetters(model, next)
      if (read !== list.current) return
      setLetters((all = []) => [...all, ...page.dead_letters])
      setNext(page.next)
    })
  return {
    ...{ letters, said: problem ? textOf(problem) : said, more: next === null ? undefined : more },
    retry: (letter) => settle(letter, async () => retriedText(letter, await api.retry(letter.id))),
    drop: (letter) =>
      settle(letter, async () => {
        await api.drop(letter.id)
        return `Dropped ${letter.id}.`
      }),
  }
}

function retriedText(
  { model, model_version: version }: PublicDeadLetter,
  { id, served }: { id: string; served: boolean },
): string {
  if (served) return `Runs again as ${id}.`
  return `Runs again as ${id}. No pool serves ${model}@${version} now: if none does by its deadline, it expires.`
}

function textOf({ title, detail }: Problem): string {
  return `${title}: ${detail}`
}
