mock_provider "upstash" {}

run "a_name_that_upstash_would_not_take" {
  command = plan

  variables {
    name = "photos of cats"
  }

  expect_failures = [var.name]
}

run "a_region_of_another_cloud" {
  command = plan

  variables {
    primary_region = "europe-west4"
  }

  expect_failures = [var.primary_region]
}

run "a_read_region_of_another_cloud" {
  command = plan

  variables {
    read_regions = ["europe-west4"]
  }

  expect_failures = [var.read_regions]
}

run "the_primary_region_as_a_read_region" {
  command = plan

  variables {
    read_regions = ["us-east-1", "eu-west-1"]
  }

  expect_failures = [var.read_regions]
}

run "read_regions_of_an_existing_redis" {
  command = plan

  variables {
    read_regions = ["eu-west-1"]
    existing = {
      redis_url  = "rediss://default:secret@redis.example.com:6379"
      rest_url   = "https://redis.example.com"
      rest_token = "token"
    }
  }

  expect_failures = [var.read_regions]
}

run "a_budget_of_nothing" {
  command = plan

  variables {
    budget = 0
  }

  expect_failures = [var.budget]
}

run "a_rest_url_where_the_redis_url_belongs" {
  command = plan

  variables {
    existing = {
      redis_url  = "https://redis.example.com"
      rest_url   = "https://redis.example.com"
      rest_token = "token"
    }
  }

  expect_failures = [var.existing]
}

run "a_rest_url_in_clear" {
  command = plan

  variables {
    existing = {
      redis_url  = "rediss://default:secret@redis.example.com:6379"
      rest_url   = "http://redis.example.com"
      rest_token = "token"
    }
  }

  expect_failures = [var.existing]
}

run "no_rest_token" {
  command = plan

  variables {
    existing = {
      redis_url  = "rediss://default:secret@redis.example.com:6379"
      rest_url   = "https://redis.example.com"
      rest_token = ""
    }
  }

  expect_failures = [var.existing]
}
