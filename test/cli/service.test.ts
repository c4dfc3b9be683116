import { afterAll, beforeAll, describe } from 'vitest'
import { cliOperationsSuite } from '../support/cli-operations-suite.ts'
import { cliPhotoSuite } from '../support/cli-photo-suite.ts'
import { CliStack } from '../support/cli-stack.ts'

let at: CliStack
beforeAll(async () => {
  at = await CliStack.start()
})
afterAll(() => at?.close())

describe('for whoever runs it', () => cliOperationsSuite(() => at))
describe('for whoever has photos', () => cliPhotoSuite(() => at))
