/** A provider as our modules use it, and where `extract.ts` finds its schema. */
export interface UsedProvider {
  /** What the names of its types begin with. */
  prefix: string
  /** Registry address. */
  source: string
  /** The package with the provider's bindings that the schema is taken from, as its registry names it. */
  package: string
  resources: string[]
  data: string[]
  /** `type.attribute` of what the provider marks as sensitive; bindings do not say. */
  sensitive: string[]
}

// What the modules may use. One more: a line here, then `node test/terraform/schemas/extract.ts` (see README.md beside it).
const aws: UsedProvider = {
  prefix: 'aws',
  source: 'hashicorp/aws',
  package: 'npm:@cdktn/provider-aws@25.7.0',
  resources: [
    'aws_autoscaling_group',
    'aws_autoscaling_lifecycle_hook',
    'aws_autoscaling_policy',
    'aws_cloudwatch_log_group',
    'aws_cloudwatch_metric_alarm',
    'aws_iam_access_key',
    'aws_iam_instance_profile',
    'aws_iam_policy',
    'aws_iam_role',
    'aws_iam_role_policy',
    'aws_iam_role_policy_attachment',
    'aws_iam_user',
    'aws_iam_user_policy',
    'aws_launch_template',
    'aws_secretsmanager_secret',
    'aws_secretsmanager_secret_version',
    'aws_security_group',
    'aws_vpc_security_group_egress_rule',
    'aws_vpc_security_group_ingress_rule',
  ],
  data: [
    'aws_ami',
    'aws_caller_identity',
    'aws_iam_policy_document',
    'aws_partition',
    'aws_region',
    'aws_ssm_parameter',
    'aws_subnet',
    'aws_subnets',
    'aws_vpc',
  ],
  sensitive: [
    'aws_iam_access_key.secret',
    'aws_iam_access_key.ses_smtp_password_v4',
    'aws_secretsmanager_secret_version.secret_binary',
    'aws_secretsmanager_secret_version.secret_string',
    'aws_secretsmanager_secret_version.secret_string_wo',
    'aws_ssm_parameter.value',
  ],
}

const google: UsedProvider = {
  prefix: 'google',
  source: 'hashicorp/google',
  package: 'pypi:cdktn-provider-google==21.1.0',
  resources: [
    'google_artifact_registry_repository_iam_member',
    'google_compute_firewall',
    'google_compute_health_check',
    'google_compute_region_autoscaler',
    'google_compute_region_health_check',
    'google_compute_region_instance_group_manager',
    'google_compute_region_instance_template',
    'google_monitoring_metric_descriptor',
    'google_project_iam_custom_role',
    'google_project_iam_member',
    'google_secret_manager_secret',
    'google_secret_manager_secret_iam_member',
    'google_secret_manager_secret_version',
    'google_service_account',
    'google_service_account_iam_member',
    'google_service_account_key',
  ],
  data: ['google_client_config', 'google_compute_image', 'google_compute_subnetwork', 'google_project'],
  sensitive: [
    'google_client_config.access_token',
    'google_secret_manager_secret_version.secret_data',
    'google_secret_manager_secret_version.secret_data_wo',
    'google_service_account_key.private_key',
  ],
}

const cloudflare: UsedProvider = {
  prefix: 'cloudflare',
  source: 'cloudflare/cloudflare',
  package: 'pypi:cdktn-provider-cloudflare==16.4.0',
  resources: [
    'cloudflare_worker',
    'cloudflare_worker_version',
    'cloudflare_workers_cron_trigger',
    'cloudflare_workers_custom_domain',
    'cloudflare_workers_deployment',
    'cloudflare_workers_route',
    'cloudflare_workers_script_subdomain',
  ],
  data: ['cloudflare_zone'],
  sensitive: [
    'cloudflare.api_key',
    'cloudflare.api_token',
    'cloudflare.api_user_service_key',
    'cloudflare_worker_version.assets.jwt',
    'cloudflare_worker_version.bindings.key_base64',
    'cloudflare_worker_version.bindings.key_jwk',
    'cloudflare_worker_version.bindings.text',
  ],
}

/** By the name of the schema's file, and of the folder with its bindings. */
export const USED_PROVIDERS: Record<string, UsedProvider> = {
  aws,
  google,
  // Modules admit this major version, too.
  'google-7': { ...google, package: 'pypi:cdktn-provider-google==19.0.0' },
  cloudflare,
}
