resource "upstash_redis_database" "this" {
  count = local.creates_database ? 1 : 0

  database_name = var.name
  # Regional databases can no longer be made; a global one without read regions is one database in its primary region.
  region         = "global"
  primary_region = var.primary_region
  read_regions   = length(var.read_regions) == 0 ? null : var.read_regions
  tls            = true
  # Evicting keys would lose jobs and API keys without a word. A full database refuses writes, which the edge answers with 503.
  eviction   = false
  budget     = var.budget
  auto_scale = var.auto_scale
  prod_pack  = var.prod_pack
}

locals {
  # Whether there is an existing Redis is no secret, and decides what is planned.
  creates_database = nonsensitive(var.existing == null)
  database         = one(upstash_redis_database.this)

  connection = local.creates_database ? {
    redis_url  = "rediss://default:${urlencode(local.database.password)}@${local.database.endpoint}:${local.database.port}"
    rest_url   = "https://${local.database.endpoint}"
    rest_token = local.database.rest_token
  } : var.existing
}
