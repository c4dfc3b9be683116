import { resolve } from 'node:path'
import { command } from '../command.ts'
import { refuseUnknown, text } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'
import { agreementText } from './agreement.ts'
import { checkModel, type GraphFacts } from './check-model.ts'
import { conversionArgs, parseConversionFlags } from './conversion-flags.ts'

const args = {
  folder: { type: 'positional', description: 'A package: a folder with model.json', required: false },
  original: {
    type: 'string',
    description: 'The ONNX file it was made of; its answers must be the same',
    valueHint: 'FILE',
  },
  ...conversionArgs,
  photos: {
    type: 'string',
    description: 'A folder of photos to compare on; those in examples/',
    valueHint: 'FOLDER',
  },
  providers: {
    type: 'string',
    description: 'What the package runs on, as in cuda,cpu; cpu',
    valueHint: 'LIST',
  },
} as const

export function checkCommand(terminal: Terminal) {
  return command({
    meta: { name: 'check', description: 'Load a package, hold it against its original, and measure it.' },
    examples: [
      {
        does: 'against what it was made of',
        line: 'edgebatch model check models/resnet50/1 --original resnet50.onnx',
      },
    ],
    args,
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 1)
      if (!given.folder) throw new UsageError('which folder? As in: edgebatch model check models/NAME/1')
      const saysHow = Object.keys(conversionArgs).some(
        (flag) => given[flag as keyof typeof given] !== undefined,
      )
      const flags = saysHow ? parseConversionFlags(given) : undefined
      const original = text(given, 'original')
      const report = await checkModel({
        folder: resolve(given.folder),
        original,
        flags,
        stopped: terminal.stopped,
        photos: text(given, 'photos'),
        providers: text(given, 'providers')
          ?.split(',')
          .map((name) => name.trim()) ?? ['cpu'],
      })
      const { manifest } = report
      terminal.print(`${manifest.name}, version ${manifest.version}: ${manifest.task}`)
      for (const graph of report.graphs) printGraph(terminal, graph)
      for (const { batch, imagesPerSecond } of report.speeds)
        terminal.print(
          `batches of ${batch}: ${imagesPerSecond.toFixed(1)} images/s on ${report.providers.join(', ')} (median)`,
        )
      terminal.print(
        report.agreement === undefined
          ? 'fit to be served, but not compared with an original: give that with --original'
          : `answers as the original does. ${agreementText(report.agreement)}`,
      )
    },
  })
}

function printGraph(
  terminal: Terminal,
  { file, inputs, outputs, opset, ir, bytes, parameters }: GraphFacts,
): void {
  terminal.print(`${file}: ${inputs.join(', ')} -> ${outputs.join(', ')}`)
  const size = `${(bytes / 1e6).toFixed(1)} MB, ${(parameters / 1e6).toFixed(1)} million parameters`
  terminal.print(`  opset ${opset ?? 'none'}, IR ${ir}, ${size}`)
}
