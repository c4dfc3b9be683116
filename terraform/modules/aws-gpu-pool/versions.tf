terraform {
  # Ephemeral variables and write-only arguments: secrets are in no plan and no state.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}
