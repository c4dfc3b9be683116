/**
 * Builds the console, for who starts an edge. Where only what runs was installed there is no vite to do it with: then it stays as it was built before, if it
 * was, and `say` is told. Throws with what is wrong with the sources.
 */
export async function prepareConsole(say: (line: string) => void): Promise<void> {
  try {
    const { buildConsole } = await import('./build-console.ts')
    await buildConsole()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    say('not built, as vite is not installed')
  }
}
