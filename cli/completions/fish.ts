import type { Completable, CompletableFlag } from './completable.ts'

/** To be read by fish (`source`, or a file in ~/.config/fish/completions). */
export function fishCompletions(all: readonly Completable[]): string {
  const below = all.slice(1).map(({ called }) => fishQuoted(called))
  return `# Completions of edgebatch for fish.
function __edgebatch_called
    set -l called edgebatch
    for word in (commandline -opc)[2..]
        switch "$called $word"
            case ${below.join(' ')}
                set called "$called $word"
        end
    end
    test "$called" = "$argv"
end
${all.flatMap(linesOf).join('\n')}`
}

function linesOf({ called, subCommands, flags }: Completable): string[] {
  const here = `complete -c edgebatch -n ${fishQuoted(`__edgebatch_called ${called}`)}`
  return [
    ...subCommands.map(
      ({ word, description }) => `${here} -f -a ${fishQuoted(word)} -d ${fishQuoted(description)}`,
    ),
    ...flags.map((flag) => `${here} ${optionOf(flag)} -d ${fishQuoted(flag.description)}`),
  ]
}

function optionOf({ word, takesValue, values }: CompletableFlag): string {
  const option = `-l ${fishQuoted(word.slice(2))}`
  if (values.length > 0) return `${option} -x -a ${fishQuoted(values.join(' '))}`
  return takesValue ? `${option} -r` : option
}

/** fish knows a backslash in single quotes, other shells do not. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
