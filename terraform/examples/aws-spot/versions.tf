terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    cloudflare = {
      source  = "cloudflare/cloudflare"
      version = "~> 5.28"
    }
    upstash = {
      source  = "upstash/upstash"
      version = "~> 2.0"
    }
  }

  # The state holds Upstash's password: README.md has the backend to put here before the first apply.
}
