terraform {
  # Ephemeral variables and write-only arguments: secrets are in no plan and no state.
  required_version = ">= 1.11"

  required_providers {
    google = {
      source = "hashicorp/google"
      # All that is used is the same in 7 and 8.
      version = ">= 7.0, < 9.0"
    }
  }
}
