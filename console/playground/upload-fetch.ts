import type { Fetch } from '../../client/http.ts'

/**
 * Like `fetch`, for requests whose body may take long to send: `onSent` is told how much of it has gone, 0 to 1. fetch itself tells
 * nothing of that. Takes headers as an object only.
 */
export function uploadFetch(onSent: (fraction: number) => void): Fetch {
  return (url, { method = 'GET', headers = {}, body = null, signal }) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      if (signal?.aborted) return reject(signal.reason)
      request.open(method, url)
      request.responseType = 'arraybuffer'
      for (const [name, value] of Object.entries(headers as Record<string, string>))
        request.setRequestHeader(name, value)
      request.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0)
      request.onload = () => {
        try {
          resolve(responseOf(request))
        } catch (error) {
          // What is no answer to be had with a body, from something in between.
          reject(error)
        }
      }
      request.onerror = () => reject(new TypeError('no answer'))
      request.onabort = () => reject(signal?.reason)
      signal?.addEventListener('abort', () => request.abort(), { once: true })
      request.send(body as XMLHttpRequestBodyInit)
    })
}

function responseOf(request: XMLHttpRequest): Response {
  const lines = request.getAllResponseHeaders().trim().split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  return new Response(request.response as ArrayBuffer, { status: request.status, headers })
}
