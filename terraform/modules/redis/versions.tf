terraform {
  # Validations here look at several variables, and write-only arguments elsewhere in this project need 1.11.
  required_version = ">= 1.11"

  required_providers {
    upstash = {
      source  = "upstash/upstash"
      version = "~> 2.0"
    }
  }
}
