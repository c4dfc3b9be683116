/** An image file, as any of the forms that browsers, Workers and Node have it in. */
export type ImageSource = Blob | ArrayBuffer | Uint8Array | ReadableStream<Uint8Array>

/** In memory as a whole, since it may have to be sent again. */
export async function toBlob(image: ImageSource): Promise<Blob> {
  if (image instanceof Blob) return image
  if (image instanceof ReadableStream) return new Response(image).blob()
  // Its memory may be shared, as far as its type goes; it is copied here.
  return new Blob([image as ArrayBuffer | Uint8Array<ArrayBuffer>])
}

/** The field `image` once for each. */
export async function toForm(images: readonly ImageSource[]): Promise<FormData> {
  const form = new FormData()
  for (const image of images) form.append('image', await toBlob(image), 'image')
  return form
}

export async function toBase64(image: ImageSource): Promise<string> {
  const bytes = new Uint8Array(await (await toBlob(image)).arrayBuffer())
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK)
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(binary)
}

/** As many arguments as any engine takes. */
const CHUNK = 0x8000
