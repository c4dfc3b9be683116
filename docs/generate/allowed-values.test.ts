import { expect, test } from 'vitest'
import * as z from 'zod'
import { positiveInteger, upTo } from '../../shared/read-configuration.ts'
import { allowedValues, type ValueSchema } from './allowed-values.ts'

const inWords = (schema: z.ZodType) => allowedValues(z.toJSONSchema(schema, { io: 'input' }) as ValueSchema)

test.each([
  ['a bounded whole number', upTo(60), 'whole number, 1 to 60'],
  ['one without a bound', positiveInteger, 'whole number, from 1'],
  ['a number above another', z.number().positive().max(2), 'number, above 0 to 2'],
  ['a choice', z.enum(['auto', 'off']), '`auto`, `off`'],
  ['one value', z.literal('uint8'), '`uint8`'],
  ['a URL', z.url(), 'a URL'],
  ['a pattern, whose bars do not end the cell', z.string().regex(/^(a|b)$/), 'text like `^(a\\|b)$`'],
  ['a short text', z.string().max(5), 'text, up to 5 characters'],
  [
    'a list',
    z
      .array(z.enum(['a', 'b']))
      .min(1)
      .max(3),
    'list: 1 to 3 of `a`, `b`',
  ],
  ['a tuple', z.tuple([z.literal(1), z.literal(2)]), '[`1`; `2`]'],
])('%s is told in words', (_, schema, words) => {
  expect(inWords(schema)).toBe(words)
})
