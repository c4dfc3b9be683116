terraform {
  required_version = ">= 1.11"

  required_providers {
    cloudflare = {
      source  = "cloudflare/cloudflare"
      version = "~> 5.28"
    }
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0, < 9.0"
    }
    upstash = {
      source  = "upstash/upstash"
      version = "~> 2.0"
    }
  }

  # The state holds Upstash's password: README.md has the backend to put here before the first apply.
}
