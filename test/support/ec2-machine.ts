import { cloudEndpoint } from './cloud-endpoint.ts'

const METADATA = '/latest/meta-data/'

/** Credentials of the machine's role, as its metadata gives them. */
export const ROLE = {
  ...{ accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'the secret of the role' },
  token: 'the token of the session//==',
}

export interface Ec2MachineOptions {
  /** What its group is about to do with it; 404 where undefined. */
  state: () => string | undefined
  /** Other metadata by path; undefined takes away what is there by default. */
  changes?: Record<string, string | undefined>
}

/** The metadata server of an instance in the group `our-group`. */
export function ec2Machine({ state, changes = {} }: Ec2MachineOptions) {
  const role = JSON.stringify({
    ...{ Code: 'Success', Type: 'AWS-HMAC', Expiration: '2030-01-01T00:00:00Z' },
    ...{ AccessKeyId: ROLE.accessKeyId, SecretAccessKey: ROLE.secretAccessKey, Token: ROLE.token },
  })
  const fixed: Record<string, string | undefined> = {
    'placement/region': 'eu-central-1',
    'instance-id': 'i-0123456789abcdef0',
    'tags/instance/aws:autoscaling:groupName': 'our-group',
    'iam/security-credentials/': 'our-role',
    'iam/security-credentials/our-role': role,
    ...changes,
  }
  return cloudEndpoint(Date.now, ({ method, url, headers }, response) => {
    if (method === 'PUT' && url === '/latest/api/token') return void response.end('metadata-token')
    if (headers['x-aws-ec2-metadata-token'] !== 'metadata-token') return void response.writeHead(401).end()
    const path = url.slice(METADATA.length)
    const told = path === 'autoscaling/target-lifecycle-state' ? state() : fixed[path]
    response.writeHead(told === undefined ? 404 : 200).end(told)
  })
}
