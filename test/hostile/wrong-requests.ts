export interface WrongRequest {
  readonly name: string
  readonly request: RequestInit
  readonly status: number
  readonly code: string
}

/** Requests around a good photo that are wrong in themselves, and what each is told. */
export function wrongRequests(photo: Uint8Array): WrongRequest[] {
  const part = (name: string, content: Uint8Array | string) =>
    Buffer.concat([
      Buffer.from(`--x\r\ncontent-disposition: form-data; name="${name}"; filename="a.jpg"\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ])
  const form = (contentType: string, ...parts: Uint8Array[]): RequestInit => ({
    body: new Uint8Array(Buffer.concat(parts)),
    headers: { 'content-type': contentType },
  })
  const TYPE = 'multipart/form-data; boundary=x'
  const JSON_TYPE = { 'content-type': 'application/json' }
  const END = Buffer.from('--x--\r\n')
  const wrong = (name: string, status: number, code: string, request: RequestInit): WrongRequest => ({
    name,
    request,
    status,
    code,
  })
  return [
    wrong('no body', 400, 'missing-image', {}),
    wrong('0 bytes as the body', 400, 'missing-image', { body: '' }),
    wrong('0 bytes in the form', 400, 'empty-image', form(TYPE, part('image', ''), END)),
    wrong('a form without the field', 400, 'missing-image', form(TYPE, part('photo', photo), END)),
    wrong('an empty form', 400, 'missing-image', form(TYPE, END)),
    wrong('a form that never ends', 400, 'invalid-request', form(TYPE, part('image', photo))),
    wrong(
      'a form cut within its photo',
      400,
      'invalid-request',
      form(TYPE, part('image', photo).subarray(0, 900)),
    ),
    wrong(
      'a form without a boundary',
      400,
      'invalid-request',
      form('multipart/form-data', part('image', photo), END),
    ),
    wrong(
      'a form with two boundaries, of which the first is not its own',
      400,
      'invalid-request',
      form('multipart/form-data; boundary=y; boundary=x', part('image', photo), END),
    ),
    wrong(
      'more photos in one form than a call may have',
      400,
      'invalid-request',
      form(TYPE, ...Array.from({ length: 17 }, () => part('image', photo)), END),
    ),
    wrong('text in place of a file', 400, 'missing-image', textField()),
    wrong('a photo inside a web page', 415, 'unsupported-image', {
      body: `<html>${Buffer.from(photo)}</html>`,
    }),
    wrong('a photo behind a PDF header', 415, 'unsupported-image', {
      body: new Uint8Array(Buffer.concat([Buffer.from('%PDF-1.7\n'), photo])),
    }),
    wrong('a photo behind one stray byte', 415, 'unsupported-image', {
      body: new Uint8Array(Buffer.concat([Buffer.from('\n'), photo])),
    }),
    wrong('a photo that is said to be JSON', 400, 'invalid-request', {
      body: new Uint8Array(photo),
      headers: JSON_TYPE,
    }),
    wrong('JSON nested 100,000 deep', 400, 'invalid-request', {
      body: '['.repeat(100_000),
      headers: JSON_TYPE,
    }),
    wrong('9 MB of JSON that is no base64', 400, 'invalid-request', {
      body: JSON.stringify({ image: '*'.repeat(9_000_000) }),
      headers: JSON_TYPE,
    }),
    wrong('20 MB', 413, 'body-too-large', { body: new Uint8Array(20_000_000) }),
  ]
}

function textField(): RequestInit {
  const body = new FormData()
  body.append('image', 'photo.jpg')
  return { body }
}
