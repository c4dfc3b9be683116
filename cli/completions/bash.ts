import { type Completable, quoted } from './completable.ts'

/** To be read by bash (`source <(...)`, or a file in /etc/bash_completion.d). */
export function bashCompletions(all: readonly Completable[]): string {
  const below = all.slice(1).map(({ called }) => quoted(called))
  const values = all.flatMap(({ called, flags }) =>
    flags
      .filter((flag) => flag.values.length > 0)
      .map((flag) => `    ${quoted(`${called} ${flag.word}`)}) words=${quoted(flag.values.join(' '))} ;;`),
  )
  const withValues = all.flatMap(({ called, flags }) =>
    flags.filter(({ takesValue }) => takesValue).map(({ word }) => quoted(`${called} ${word}`)),
  )
  return `# Completions of edgebatch for bash.
_edgebatch() {
  local current=\${COMP_WORDS[COMP_CWORD]} called=edgebatch words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$called \${COMP_WORDS[i]}" in
    ${below.join('|')}) called="$called \${COMP_WORDS[i]}" ;;
    esac
  done
  COMPREPLY=()
  case "$called \${COMP_WORDS[COMP_CWORD - 1]}" in
${values.join('\n')}
    # Files, as far as bash is concerned.
    ${withValues.join('|')}) return ;;
    *)
      case "$called" in
${all.map(wordsOf).join('\n')}
      esac
      # Where no command follows, flags are offered to who has begun one, and files to all others.
      [[ $words == -* && $current != -* ]] && return
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o bashdefault -o default -F _edgebatch edgebatch`
}

function wordsOf({ called, subCommands, flags }: Completable): string {
  const words = subCommands.length > 0 ? subCommands : flags
  return `      ${quoted(called)}) words=${quoted(words.map(({ word }) => word).join(' '))} ;;`
}
