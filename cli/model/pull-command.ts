import { command } from '../command.ts'
import { refuseUnknown, text } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'
import { addressOf, checksumOf, fileNameOf, pullModel } from './pull-model.ts'

const args = {
  url: { type: 'positional', description: 'The address of an ONNX file', required: false },
  sha256: { type: 'string', description: 'Its checksum, 64 hex digits', valueHint: 'HEX' },
  out: { type: 'string', description: "Where to put it; the address's last part", valueHint: 'FILE' },
} as const

export function pullCommand(terminal: Terminal) {
  return command({
    meta: { name: 'pull', description: 'Fetch a model file, continuing what broke off, and check it.' },
    examples: [
      {
        does: 'a file, checked',
        line: 'edgebatch model pull https://example.com/resnet50.onnx --sha256 HEX',
      },
    ],
    args,
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 1)
      if (!given.url)
        throw new UsageError('which address? As in: edgebatch model pull https://... --sha256 HEX')
      const url = addressOf(given.url)
      const path = text(given, 'out') ?? fileNameOf(url)
      const sha256 = checksumOf(text(given, 'sha256'))
      await pullModel(url, sha256, path, terminal)
      terminal.print(`${path}: complete${sha256 ? ', and its checksum is right' : ''}.`)
    },
  })
}
