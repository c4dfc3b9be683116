interface Message {
  type: string
  test_plan?: { resource_changes: { address: string; change: { after: unknown } }[] }
}

/**
 * Each resource's values as they are planned, by its address, out of what `terraform test -json -verbose` prints of a test of one run. What is
 * known only after an apply is not among them.
 */
export function plannedValues(output: string): Record<string, unknown> {
  const messages = output
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Message] : []))
  const changes = messages.flatMap(({ test_plan }) => test_plan?.resource_changes ?? [])
  return Object.fromEntries(changes.map(({ address, change }) => [address, change.after]))
}
