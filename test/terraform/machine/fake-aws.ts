import type { Received } from '../../support/answering-server.ts'
import { signatureProblem } from '../../support/aws-signature.ts'
import { metadataServer } from '../../support/metadata-server.ts'
import { apisThat, type FakeCloud, type Reply } from './fake-cloud.ts'

const REGION = 'eu-west-1'
const INSTANCE_ID = 'i-0123456789abcdef0'
const SECRET_ID = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:pool-AbCdEf'
const KEYS = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'wJalr/XUtn+FEMI',
  sessionToken: 'IQoJb3JpZ2lu/token==',
}
const IMDS_TOKEN = 'imds-token'

export const AWS_SETTINGS = {
  REGION,
  SECRET_ID,
  DNS_SUFFIX: 'amazonaws.com',
  LOG_GROUP: '/edgebatch/pool',
  GROUP_NAME: 'pool',
  LAUNCH_HOOK_NAME: 'pool-launch',
}

/** AWS as one of its machines sees it: version 2 of the metadata service, and APIs that check each signature. */
export async function fakeAws(): Promise<FakeCloud> {
  const cloud: FakeCloud = {
    name: 'aws',
    variables: {},
    settings: AWS_SETTINGS,
    ownImage: `123456789012.dkr.ecr.${REGION}.amazonaws.com/pool:1`,
    registryPassword: 'ecr-password',
    secret: undefined,
    refusal: undefined,
    takesAway: false,
    reports: [],
    launchHook: [],
    launchHookRefusals: [],
    credentials: [KEYS.secretAccessKey, KEYS.sessionToken, 'ecr-password'],
  }
  const apis: [target: RegExp, service: string, reply: (body: string) => Reply][] = [
    [/^secretsmanager\.GetSecretValue$/, 'secretsmanager', (body) => secretReply(cloud, body)],
    [/\.GetAuthorizationToken$/, 'ecr', () => authorizationToken(cloud)],
    [/^Logs_20140328\.CreateLogStream$/, 'logs', () => ({ status: 200, body: {} })],
    [/^Logs_20140328\.PutLogEvents$/, 'logs', (body) => logged(cloud, body)],
    [/^$/, 'autoscaling', (body) => completed(cloud, body)],
  ]
  const endpoint = await apisThat((request) => {
    const target = String(request.headers['x-amz-target'] ?? '')
    const [, service, reply] = apis.find(([pattern]) => pattern.test(target)) ?? []
    if (!service || !reply) return refused('UnknownOperationException')
    const problem = credentialProblem(request, service)
    return problem === undefined ? reply(request.body.toString()) : refused(problem)
  })
  const metadata = await metadataServer((line, { headers }, response) => {
    const answer = metadataAnswer(cloud, line, headers['x-aws-ec2-metadata-token'])
    response.writeHead(answer.status).end(answer.body)
  })
  cloud.variables = { METADATA_URL: metadata.baseUrl, AWS_ENDPOINT_URL: endpoint }
  return cloud
}

function credentialProblem(request: Received, service: string): string | undefined {
  if (request.headers['x-amz-security-token'] !== KEYS.sessionToken) return 'UnrecognizedClientException'
  return signatureProblem(request, KEYS, `${REGION}/${service}`)
}

const refused = (code: string): Reply => ({ status: 400, body: { __type: code } })

function metadataAnswer(cloud: FakeCloud, line: string, token: unknown): { status: number; body: string } {
  if (line === 'PUT /latest/api/token') return { status: 200, body: IMDS_TOKEN }
  if (token !== IMDS_TOKEN) return { status: 401, body: '' }
  const role = {
    AccessKeyId: KEYS.accessKeyId,
    SecretAccessKey: KEYS.secretAccessKey,
    Token: KEYS.sessionToken,
  }
  const answers: Record<string, string | undefined> = {
    'GET /latest/meta-data/spot/instance-action': cloud.takesAway
      ? JSON.stringify({ action: 'terminate', time: '2026-01-01T00:02:00Z' })
      : undefined,
    'GET /latest/meta-data/instance-id': INSTANCE_ID,
    'GET /latest/meta-data/iam/security-credentials/': 'pool-role',
    'GET /latest/meta-data/iam/security-credentials/pool-role': JSON.stringify(role),
  }
  const body = answers[line]
  return body === undefined ? { status: 404, body: '' } : { status: 200, body }
}

function secretReply(cloud: FakeCloud, body: string): Reply {
  if (cloud.refusal) return cloud.refusal
  if (JSON.parse(body).SecretId !== SECRET_ID || cloud.secret === undefined) {
    const message = "Secrets Manager can't find the specified secret."
    return { status: 400, body: { __type: 'ResourceNotFoundException', Message: message } }
  }
  return { status: 200, body: { ARN: SECRET_ID, SecretString: cloud.secret } }
}

function authorizationToken({ registryPassword }: FakeCloud): Reply {
  const authorizationToken = Buffer.from(`AWS:${registryPassword}`).toString('base64')
  return { status: 200, body: { authorizationData: [{ authorizationToken }] } }
}

function logged(cloud: FakeCloud, body: string): Reply {
  const { logGroupName, logStreamName, logEvents } = JSON.parse(body)
  for (const { message } of logEvents) cloud.reports.push(`${logGroupName} ${logStreamName}: ${message}`)
  return { status: 200, body: {} }
}

function completed(cloud: FakeCloud, body: string): Reply {
  const query = Object.fromEntries(new URLSearchParams(body))
  const expected = { Action: 'CompleteLifecycleAction', Version: '2011-01-01', InstanceId: INSTANCE_ID }
  const isRight =
    Object.entries(expected).every(([name, value]) => query[name] === value) &&
    query.AutoScalingGroupName === 'pool' &&
    query.LifecycleHookName === 'pool-launch'
  if (!isRight) return { status: 400, body: '<Code>ValidationError</Code>' }
  const refusal = cloud.launchHookRefusals.shift()
  if (refusal) return refusal
  cloud.launchHook.push(String(query.LifecycleActionResult))
  return { status: 200, body: '<CompleteLifecycleActionResponse/>' }
}
