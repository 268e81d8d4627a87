# The infrastructure of a cluster, as ladybug's AWS driver makes it.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}

provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  default_tags { tags = { bench = "terraform" } }
}

variable "machines" { type = number }

data "aws_availability_zones" "all" {}

data "aws_ami" "ubuntu" {
  owners      = ["099720109477"]
  most_recent = true
  filter {
    name   = "name"
    values = ["ubuntu/images/hvm-ssd*/ubuntu-*-amd64-server-*"]
  }
}

resource "aws_vpc" "it" { cidr_block = "10.9.0.0/16" }

resource "aws_subnet" "it" {
  count             = length(data.aws_availability_zones.all.names)
  vpc_id            = aws_vpc.it.id
  cidr_block        = cidrsubnet(aws_vpc.it.cidr_block, 4, count.index)
  availability_zone = data.aws_availability_zones.all.names[count.index]
}

resource "aws_internet_gateway" "it" { vpc_id = aws_vpc.it.id }

resource "aws_route" "it" {
  route_table_id         = aws_vpc.it.main_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.it.id
}

resource "aws_security_group" "it" {
  name        = "bench"
  description = "bench"
  vpc_id      = aws_vpc.it.id
  ingress {
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["203.0.113.7/32"]
  }
}

resource "aws_key_pair" "it" {
  key_name   = "bench"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXdDFif6CQJ/K5qSuFAvAAX1pstDbAb0PPRy1x8n4iz"
}

resource "aws_instance" "it" {
  count                       = var.machines
  ami                         = data.aws_ami.ubuntu.id
  instance_type               = "t3.medium"
  subnet_id                   = aws_subnet.it[0].id
  vpc_security_group_ids      = [aws_security_group.it.id]
  key_name                    = aws_key_pair.it.key_name
  associate_public_ip_address = true
  source_dest_check           = false
  root_block_device {
    volume_size = 20
    volume_type = "gp3"
    encrypted   = true
  }
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}
