import { metadataServer } from '../../support/metadata-server.ts'
import { apisThat, type FakeCloud, type Reply } from './fake-cloud.ts'

const SECRET_ID = 'projects/photos/secrets/pool/versions/latest'
const TOKEN = 'ya29.token-of-the-machine'
const MACHINE = 'pool-x1b2'

export const GOOGLE_SETTINGS = {
  SECRET_ID,
  REGION: '',
  DNS_SUFFIX: '',
  LOG_GROUP: '',
  GROUP_NAME: '',
  LAUNCH_HOOK_NAME: '',
}

/** Google Cloud as one of its machines sees it: the metadata service, and APIs that take the machine's token. */
export async function fakeGoogle(): Promise<FakeCloud> {
  const cloud: FakeCloud = {
    name: 'gcp',
    variables: {},
    settings: GOOGLE_SETTINGS,
    ownImage: 'europe-west4-docker.pkg.dev/photos/pools/pool:1',
    registryPassword: TOKEN,
    secret: undefined,
    refusal: undefined,
    takesAway: false,
    reports: [],
    launchHook: [],
    launchHookRefusals: [],
    credentials: [TOKEN],
  }
  const endpoint = await apisThat(({ method, url, headers, body }) => {
    if (headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { error: { code: 401 } } }
    if (method === 'GET' && url === `/v1/${SECRET_ID}:access`) return secretReply(cloud)
    if (method === 'POST' && url === '/v2/entries:write') return logged(cloud, body.toString())
    return { status: 404, body: '' }
  })
  const metadata = await metadataServer((line, { headers }, response) => {
    const body = headers['metadata-flavor'] === 'Google' ? ANSWERS[line] : undefined
    response.writeHead(body === undefined ? 404 : 200).end(body)
  })
  cloud.variables = { METADATA_URL: metadata.baseUrl, GCP_ENDPOINT_URL: endpoint }
  return cloud
}

const ANSWERS: Record<string, string> = {
  'GET /computeMetadata/v1/instance/name': MACHINE,
  'GET /computeMetadata/v1/project/project-id': 'photos',
  'GET /computeMetadata/v1/instance/service-accounts/default/token': JSON.stringify({ access_token: TOKEN }),
}

function secretReply(cloud: FakeCloud): Reply {
  if (cloud.refusal) return cloud.refusal
  if (cloud.secret === undefined) {
    const message = `Secret [projects/1/secrets/pool] not found or has no versions.`
    return { status: 404, body: { error: { code: 404, status: 'NOT_FOUND', message } } }
  }
  const data = Buffer.from(cloud.secret).toString('base64')
  return { status: 200, body: { name: SECRET_ID, payload: { data } } }
}

function logged(cloud: FakeCloud, body: string): Reply {
  const { logName, labels, entries } = JSON.parse(body)
  for (const { textPayload } of entries) cloud.reports.push(`${logName} ${labels.machine}: ${textPayload}`)
  return { status: 200, body: {} }
}
