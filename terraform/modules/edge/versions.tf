terraform {
  required_version = ">= 1.11"

  required_providers {
    cloudflare = {
      source = "cloudflare/cloudflare"
      # The oldest that these resources were held against. Before it, the order of bindings could make a plan fail to apply.
      version = "~> 5.28"
    }
  }
}
