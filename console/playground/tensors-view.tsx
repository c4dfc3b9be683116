import type { TensorValue } from '../../shared/tensor-value.ts'
import { CopyButton } from '../design/copy-button.tsx'
import { firstElements } from './tensor-elements.ts'

/** How many elements of each are written out. */
const SHOWN = 8

/** A model's outputs as they are: of each its name, type, shape and first elements. */
export function TensorsView({ tensors }: { tensors: Readonly<Record<string, TensorValue>> }) {
  return (
    <section class="numbers" aria-label="Tensors">
      <h3>{Object.keys(tensors).length === 1 ? 'One tensor' : `${Object.keys(tensors).length} tensors`}</h3>
      <dl class="tensors">
        {Object.entries(tensors).map(([name, tensor]) => (
          <div key={name}>
            <dt>
              <code>{name}</code> {tensor.dtype} [{tensor.shape.join(' × ')}]
            </dt>
            <dd class="mono">[{firstElements(tensor, SHOWN).join(', ')}, …]</dd>
          </div>
        ))}
      </dl>
      <CopyButton text={JSON.stringify(tensors)} label="Copy as JSON" />
    </section>
  )
}
