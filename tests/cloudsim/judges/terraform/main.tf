# The infrastructure of a small cluster, for terraform to apply, read again and destroy on cloudsim.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}

provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  default_tags { tags = { judge = "terraform" } }
}

variable "machines" { default = 2 }

data "aws_ami" "ubuntu" {
  owners      = ["099720109477"]
  most_recent = true
  filter {
    name   = "name"
    values = ["ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"]
  }
}

resource "aws_vpc" "it" {
  cidr_block           = "10.9.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "it" {
  vpc_id            = aws_vpc.it.id
  cidr_block        = "10.9.1.0/24"
  availability_zone = "us-east-1a"
}

resource "aws_internet_gateway" "it" { vpc_id = aws_vpc.it.id }

resource "aws_route_table" "it" {
  vpc_id = aws_vpc.it.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.it.id
  }
}

resource "aws_route_table_association" "it" {
  subnet_id      = aws_subnet.it.id
  route_table_id = aws_route_table.it.id
}

resource "aws_security_group" "it" {
  name        = "judge"
  description = "judge"
  vpc_id      = aws_vpc.it.id
  ingress {
    protocol  = "-1"
    from_port = 0
    to_port   = 0
    self      = true
  }
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_key_pair" "it" {
  key_name   = "judge"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA judge"
}

resource "aws_instance" "it" {
  count                       = var.machines
  ami                         = data.aws_ami.ubuntu.id
  instance_type               = "t3.medium"
  subnet_id                   = aws_subnet.it.id
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
    http_put_response_hop_limit = 2
  }
}

resource "aws_lb" "it" {
  name               = "judge"
  load_balancer_type = "network"
  subnets            = [aws_subnet.it.id]
  depends_on         = [aws_internet_gateway.it]
}

resource "aws_lb_target_group" "it" {
  name     = "judge"
  port     = 6443
  protocol = "TCP"
  vpc_id   = aws_vpc.it.id
}

resource "aws_lb_listener" "it" {
  load_balancer_arn = aws_lb.it.arn
  port              = 6443
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.it.arn
  }
}

resource "aws_lb_target_group_attachment" "it" {
  count            = var.machines
  target_group_arn = aws_lb_target_group.it.arn
  target_id        = aws_instance.it[count.index].id
}
