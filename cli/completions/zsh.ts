import { type Choice, type Completable, quoted } from './completable.ts'

/** To be read by zsh, after compinit. */
export function zshCompletions(all: readonly Completable[]): string {
  const below = all.slice(1).map(({ called }) => quoted(called))
  const values = all.flatMap(({ called, flags }) =>
    flags
      .filter(({ takesValue }) => takesValue)
      .map(({ word, values }) => {
        const offer = values.length > 0 ? `compadd -- ${values.map(quoted).join(' ')}` : '_files'
        return `  (${quoted(`${called} ${word}`)}) ${offer}; return ;;`
      }),
  )
  return `#compdef edgebatch
# Completions of edgebatch for zsh.
_edgebatch() {
  local called=edgebatch word
  local -a choices
  for word in \${words[2,CURRENT-1]}; do
    case "$called $word" in
    (${below.join('|')}) called="$called $word" ;;
    esac
  done
  case "$called \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$called" in
${all.map(offerOf).join('\n')}
  esac
}
(( $+functions[compdef] )) && compdef _edgebatch edgebatch`
}

function offerOf({ called, subCommands, flags }: Completable): string {
  if (subCommands.length > 0)
    return `  (${quoted(called)}) choices=(${described(subCommands)}); _describe command choices ;;`
  return `  (${quoted(called)})
    if [[ $PREFIX == -* ]]; then choices=(${described(flags)}); _describe -o flag choices; else _files; fi ;;`
}

/** What stands before the first colon is the word. */
function described(choices: readonly Choice[]): string {
  return choices.map(({ word, description }) => quoted(`${word}:${description}`)).join(' ')
}
