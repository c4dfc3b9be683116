import { asSelector, type Grant, type UserGrants } from './acl-rules.ts'
import { matchesAllOf } from './redis-pattern.ts'

/** The rules that give a user what is needed beside what he is granted. Commands are granted one by one, or by `@all`: no other category is looked into. */
export function lackingRules(needed: UserGrants, granted: UserGrants): string[] {
  const all = [granted.own, ...granted.selectors]
  const isGranted = (grant: Grant) => all.some((each) => rulesBeside(each, grant).length === 0)
  return [
    ...(isGranted(needed.own) ? [] : rulesBeside(granted.own, needed.own)),
    ...needed.selectors.filter((grant) => !isGranted(grant)).map(asSelector),
  ]
}

function rulesBeside(granted: Grant, needed: Grant): string[] {
  return [
    ...needed.keys.filter((key) => !granted.keys.some((each) => givesKeysOf(each, key))),
    ...needed.channels.filter((channel) => !granted.channels.some((each) => matchesAllOf(each, channel))),
    ...needed.commands.filter((command) => !isAllowed(granted.commands, command)),
  ]
}

/** The last rule that a command falls under decides, as Redis has it. */
function isAllowed(rules: readonly string[], command: string): boolean {
  const name = command.slice(1)
  const under = ['@all', name, name.split('|')[0]]
  return rules.findLast((rule) => under.includes(rule.slice(1)))?.startsWith('+') ?? false
}

/** Whether a rule for keys (`~eb:*`; `%R~eb:*` to read them alone) gives all that another does. */
function givesKeysOf(granted: string, needed: string): boolean {
  const [has, wants] = [keyRule(granted), keyRule(needed)]
  return (
    [...wants.rights].every((right) => has.rights.includes(right)) && matchesAllOf(has.pattern, wants.pattern)
  )
}

function keyRule(rule: string): { rights: string; pattern: string } {
  const [, rights = 'RW', pattern = ''] = /^(?:%([RW]+))?~(.*)$/s.exec(rule) ?? []
  return { rights, pattern }
}
