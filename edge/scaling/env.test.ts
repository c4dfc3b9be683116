import { describe, expect, test } from 'vitest'
import { readConfiguration } from '../../shared/read-configuration.ts'
import { scalingEnvSchema } from './env.ts'

const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' }
const KEY = {
  ...{ project_id: 'p', client_email: 'edge@p.iam.test', token_uri: 'https://oauth2.googleapis.com/token' },
  private_key: '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n',
}
const read = (settings: Record<string, string>) => readConfiguration(scalingEnvSchema, settings)
const reason = (settings: Record<string, string>) => {
  try {
    read(settings)
    return 'none'
  } catch (error) {
    return (error as Error).message
  }
}

test('nothing has to be set', () => {
  expect(read({})).toMatchObject({ METRIC_NAMESPACE: 'Edgebatch', METRIC_BY_MODEL: false })
})

describe('a key of AWS', () => {
  test('is a region, an id and a secret; a line’s end that came with a file does not count', () => {
    expect(read({ ...AWS, AWS_SECRET_ACCESS_KEY: 's\n' })).toMatchObject(AWS)
  })

  test.each(Object.keys(AWS))('without %s is refused in one line that says what is missing', (name) => {
    const { [name as keyof typeof AWS]: _, ...rest } = AWS
    const all = 'AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY'
    const [given] = Object.keys(rest)
    expect(reason(rest)).toBe(`${given}: goes with ${name}, which is not set: set all of ${all}, or none`)
  })

  test('of which one part is there names both others', () => {
    expect(reason({ AWS_REGION: 'eu-central-1' })).toContain(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which are not set',
    )
  })
})

describe('a key of Google', () => {
  test('is the file as Google gives it out', () => {
    const env = read({ GCP_SERVICE_ACCOUNT_KEY: JSON.stringify({ ...KEY, type: 'service_account' }) })
    expect(env.GCP_SERVICE_ACCOUNT_KEY).toEqual(KEY)
  })

  test.each([
    ['no JSON', 'secret'],
    ['not all of it', JSON.stringify({ ...KEY, client_email: undefined })],
    [
      'another kind of key',
      JSON.stringify({ ...KEY, private_key: KEY.private_key.replaceAll('PRIVATE', 'RSA PRIVATE') }),
    ],
    ['nothing', 'null'],
  ])('that is %s is refused, and not quoted', (_, text) => {
    expect(reason({ GCP_SERVICE_ACCOUNT_KEY: text })).toBe(
      'GCP_SERVICE_ACCOUNT_KEY: must be the JSON key file of a service account, all of it',
    )
  })

  test('goes before its project', () => {
    expect(reason({ GCP_PROJECT_ID: 'p' })).toMatch(/^GCP_PROJECT_ID: goes with GCP_SERVICE_ACCOUNT_KEY/)
  })
})

test.each([
  ['AWS_REGION', 'Frankfurt'],
  ['METRIC_NAMESPACE', 'AWS/EC2'],
  ['METRIC_NAMESPACE', 'with space'],
  ['GCP_METRIC_TYPE', 'compute.googleapis.com/x'],
  ['CLOUDWATCH_ENDPOINT', 'monitoring.local'],
  ['METRIC_BY_MODEL', 'yes'],
])('%s=%s is refused by name', (name, value) => {
  expect(reason({ ...AWS, [name]: value })).toMatch(new RegExp(`^${name}: `))
})
