mock_provider "upstash" {
  mock_resource "upstash_redis_database" {
    defaults = {
      endpoint    = "eager-fox-12345.upstash.io"
      port        = 6379
      password    = "pass/word+"
      rest_token  = "token"
      database_id = "id-of-the-database"
    }
  }
}

run "a_new_database_is_global_encrypted_and_keeps_what_it_holds" {
  command = plan

  assert {
    condition     = upstash_redis_database.this[0].region == "global" && upstash_redis_database.this[0].primary_region == "us-east-1"
    error_message = "regional databases can no longer be made"
  }

  assert {
    condition     = upstash_redis_database.this[0].tls
    error_message = "passwords and photos must not cross the internet in clear"
  }

  assert {
    condition     = upstash_redis_database.this[0].eviction == false
    error_message = "a database that evicts keys loses jobs"
  }

  assert {
    condition     = upstash_redis_database.this[0].budget == 20 && upstash_redis_database.this[0].auto_scale == false
    error_message = "what it may cost must have an end"
  }

  assert {
    condition     = upstash_redis_database.this[0].read_regions == null
    error_message = "no read regions were asked for"
  }
}

run "its_outputs_are_what_pools_and_edge_take" {
  command = apply

  assert {
    condition     = output.redis_url == "rediss://default:pass%2Fword%2B@eager-fox-12345.upstash.io:6379"
    error_message = "redis_url must be a URL over TLS, with the password percent-encoded"
  }

  assert {
    condition     = output.rest_url == "https://eager-fox-12345.upstash.io" && output.rest_token == "token"
    error_message = "the edge needs the REST API's address and token"
  }

  assert {
    condition     = output.endpoint == "eager-fox-12345.upstash.io" && output.database_id == "id-of-the-database"
    error_message = "endpoint and database_id must be the database's"
  }
}

run "read_regions_and_spending_can_be_chosen" {
  command = plan

  variables {
    name           = "photos"
    primary_region = "eu-central-1"
    read_regions   = ["us-east-1", "ap-southeast-1"]
    budget         = 200
    auto_scale     = true
    prod_pack      = true
  }

  assert {
    condition     = upstash_redis_database.this[0].database_name == "photos" && upstash_redis_database.this[0].primary_region == "eu-central-1"
    error_message = "name and primary_region must be those that were given"
  }

  assert {
    condition     = length(upstash_redis_database.this[0].read_regions) == 2
    error_message = "read_regions must be those that were given"
  }

  assert {
    condition     = upstash_redis_database.this[0].budget == 200 && upstash_redis_database.this[0].auto_scale && upstash_redis_database.this[0].prod_pack
    error_message = "budget, auto_scale and prod_pack must be those that were given"
  }
}

run "an_existing_redis_is_passed_on_and_nothing_is_made" {
  command = apply

  variables {
    existing = {
      redis_url  = "redis://10.0.0.7:6379"
      rest_url   = "https://redis.example.com"
      rest_token = "gateway-token"
    }
  }

  assert {
    condition     = length(upstash_redis_database.this) == 0
    error_message = "there is a Redis already"
  }

  assert {
    condition     = output.redis_url == "redis://10.0.0.7:6379" && output.rest_url == "https://redis.example.com" && output.rest_token == "gateway-token"
    error_message = "the outputs must be the existing Redis' own"
  }

  assert {
    condition     = output.endpoint == null && output.database_id == null
    error_message = "there is no new database to tell of"
  }
}
