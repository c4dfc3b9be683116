import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { type Outcome, succeeded, useTerraformCopy } from './support/terraform-copy.ts'

/** A configuration that is right, of which each test breaks a line. */
const RIGHT = `terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

resource "aws_launch_template" "this" {
  name = "pool"

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id = "redis"
}
`

const MISTAKES: { mistake: string; right: string; wrong: string; said: string }[] = [
  {
    mistake: 'a misspelled argument',
    right: 'http_tokens ',
    wrong: 'http_token ',
    said: 'An argument named "http_token" is not expected here. Did you mean "http_tokens"?',
  },
  {
    mistake: 'a missing required argument',
    right: 'secret_id = "redis"',
    wrong: '',
    said: 'The argument "secret_id" is required, but no definition was found.',
  },
  {
    mistake: 'a wrong block',
    right: 'metadata_options {',
    wrong: 'metadata_option {',
    said: 'Blocks of type "metadata_option" are not expected here. Did you mean "metadata_options"?',
  },
  {
    mistake: 'a wrong resource',
    right: '"aws_launch_template"',
    wrong: '"aws_launch_templates"',
    said: 'The provider hashicorp/aws does not support resource type "aws_launch_templates".',
  },
  {
    mistake: 'a value of a wrong type',
    right: '"required"',
    wrong: '["required"]',
    said: 'Inappropriate value for attribute "http_tokens": string required.',
  },
]

describe.skipIf(inject('terraformVersion') === undefined)('the checks of terraform/', () => {
  const copy = useTerraformCopy()

  const write = async (folder: string, files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      const file = join(copy().root, folder, name)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    }
    return folder
  }

  test('accept a right configuration, also with plugins that Terraform starts itself', async () => {
    const right = await write('right', { 'main.tf': RIGHT })
    succeeded(await copy().run(right, 'validate'))
    succeeded(await copy().runWithPlugins(right, 'validate'))
  })

  test.each(MISTAKES)('refuse $mistake', async ({ mistake, right, wrong, said }) => {
    const main = RIGHT.replace(right, wrong)
    expect(main).not.toBe(RIGHT)
    const broken = await write(mistake.replaceAll(' ', '-'), { 'main.tf': main })
    expect(refusal(await copy().run(broken, 'validate'))).toContain(said)
  })

  test('refuse a provider version that there is not', async () => {
    const broken = await write('version', { 'main.tf': RIGHT.replace('~> 6.0', '~> 5.0') })
    expect(refusal(await copy().init(broken))).toContain('match the given constraints ~> 5.0')
  })

  test('refuse a plan that is not what its test says', async () => {
    const run = (name: string) => `mock_provider "aws" {}
run "plan" {
  command = plan
  assert {
    condition     = aws_launch_template.this.name == "${name}"
    error_message = "the launch template has another name"
  }
}
`
    const tests = { 'tests/right.tftest.hcl': run('pool'), 'tests/wrong.tftest.hcl': run('other') }
    const broken = await write('plan', { 'main.tf': RIGHT, ...tests })
    const said = refusal(await copy().run(broken, 'test'))
    expect(said).toContain('1 passed, 1 failed')
    expect(said).toContain('the launch template has another name')
  })

  test('refuse a file that is not formatted', async () => {
    const broken = await write('format', { 'main.tf': 'locals {\n    a = 1\n}\n' })
    expect(refusal(await copy().execute(broken, ['fmt', '-check']))).toBe('main.tf')
  })
})

/** What Terraform said, in one line, since it breaks its lines somewhere. Throws if it succeeded. */
function refusal(outcome: Outcome): string {
  expect(outcome.succeeded).toBe(false)
  return outcome.output.replaceAll(/\s+/g, ' ').trim()
}
