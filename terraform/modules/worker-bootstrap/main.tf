locals {
  library = "/usr/local/lib/edgebatch"

  # The pool gives back what it could not finish within three seconds after drain_seconds; then Docker kills it.
  stop_seconds = var.drain_seconds + 5

  settings = {
    CLOUD                   = var.cloud
    REVISION                = var.revision
    IMAGE                   = var.worker_image
    SECRET_ID               = var.secret_id
    REGION                  = var.region
    DNS_SUFFIX              = var.dns_suffix
    LOG_GROUP               = var.log_group
    GROUP_NAME              = var.group_name
    LAUNCH_HOOK_NAME        = var.launch_hook_name
    USE_GPU                 = var.use_gpu
    POOL_USER               = 10001
    HEALTH_PORT             = var.health_port
    STOP_SECONDS            = local.stop_seconds
    MAX_START_ATTEMPTS      = var.max_start_attempts
    FAILURE_WINDOW_SECONDS  = local.failure_window_seconds
    RETRY_PAUSE_SECONDS     = 15
    MAX_RETRY_PAUSE_SECONDS = 300
    PULL_SECONDS            = var.startup_timeout_seconds - 30
    METADATA_ATTEMPTS       = 10
    METADATA_PAUSE_SECONDS  = 3
    CALL_SECONDS            = 20
    CHECK_SECONDS           = 5
    # Longer than the two minutes between AWS' notice and the end of a spot machine.
    GONE_SECONDS = 300
  }

  failure_window_seconds = 3600

  environment = merge(
    { EXECUTION_PROVIDERS = var.use_gpu ? "cuda,cpu" : "cpu" },
    # The pool itself knows AWS' usual domain only.
    var.terminate_hook_name == "" || var.dns_suffix == "amazonaws.com" ? {} : {
      AUTOSCALING_ENDPOINT = "https://autoscaling.${var.region}.${var.dns_suffix}"
    },
    var.worker_environment,
    {
      DRAIN_SECONDS     = tostring(var.drain_seconds)
      HEALTH_PORT       = tostring(var.health_port)
      HEALTH_HOST       = var.health_host
      PREEMPTION_NOTICE = var.cloud == "aws" ? "ec2" : "gcp"
    },
    var.terminate_hook_name == "" ? {} : {
      LIFECYCLE_HOOK_NAME    = var.terminate_hook_name
      AUTOSCALING_GROUP_NAME = var.group_name
    },
  )

  scripts = merge(
    { for name in ["prepare", "run", "after-stop"] : name => "files/${name}" },
    var.install_container_runtime ? { install-container-runtime = "files/install-container-runtime" } : {},
  )
  sourced = {
    "common.sh"             = "files/common.sh"
    "cloud.sh"              = "files/${var.cloud}.sh"
    "secret-environment.py" = "files/secret-environment.py"
  }

  files = merge(
    {
      "/etc/edgebatch/bootstrap.conf" = {
        permissions = "0644"
        content     = templatefile("${path.module}/templates/bootstrap.conf.tftpl", { settings = local.settings })
      }
      "/etc/edgebatch/pool.env" = {
        permissions = "0644"
        content     = join("", [for name, value in local.environment : "${name}=${value}\n"])
      }
      "/etc/systemd/system/edgebatch-pool.service" = {
        permissions = "0644"
        content = templatefile("${path.module}/templates/edgebatch-pool.service.tftpl", {
          failure_window_seconds    = local.failure_window_seconds
          max_start_attempts        = var.max_start_attempts
          install_container_runtime = var.install_container_runtime
          startup_timeout_seconds   = var.startup_timeout_seconds
          stop_seconds              = local.stop_seconds
        })
      }
    },
    { for name, source in local.scripts : "${local.library}/${name}" => { permissions = "0755", content = file("${path.module}/${source}") } },
    { for name, source in local.sourced : "${local.library}/${name}" => { permissions = "0644", content = file("${path.module}/${source}") } },
  )

  user_data = templatefile("${path.module}/templates/cloud-init.yaml.tftpl", { files = local.files })
}
