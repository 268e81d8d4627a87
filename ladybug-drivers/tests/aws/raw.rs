//! Plain requests to a cloud past the driver: what the tests see and do behind its back.

use bytes::Bytes;
use reqsign_aws_v4::{Credential, RequestSigner};
use reqsign_core::{Context, SignRequest, hash::hex_sha256};
use roxmltree::{Document, Node};

/// A client of its own.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) endpoint: String,
    pub(crate) key: String,
    pub(crate) secret: String,
    pub(crate) region: String,
}

impl Raw {
    /// Asks EC2.
    pub(crate) async fn ec2(&self, action: &str, pairs: &[(&str, &str)]) -> Result<String, String> {
        self.ask("ec2", "2016-11-15", action, pairs).await
    }

    /// Asks the load balancers' API.
    pub(crate) async fn elb(&self, action: &str, pairs: &[(&str, &str)]) -> Result<String, String> {
        self.ask("elasticloadbalancing", "2015-12-01", action, pairs).await
    }

    /// Asks the API of users and permissions, which has one region.
    pub(crate) async fn iam(&self, action: &str, pairs: &[(&str, &str)]) -> Result<String, String> {
        self.ask("iam", "2010-05-08", action, pairs).await
    }

    async fn ask(&self, service: &str, version: &str, action: &str, pairs: &[(&str, &str)]) -> Result<String, String> {
        let body = form(version, action, pairs);
        let request = http::Request::post(&self.endpoint)
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("x-amz-content-sha256", hex_sha256(body.as_bytes()));
        let (mut parts, body) = request.body(Bytes::from(body)).unwrap().into_parts();
        let credential = Credential {
            access_key_id: self.key.clone(),
            secret_access_key: self.secret.clone(),
            ..Credential::default()
        };
        let signer = RequestSigner::new(service, &self.region);
        signer.sign_request(&Context::new(), &mut parts, Some(&credential), None).await.unwrap();
        let request = reqwest::Request::try_from(http::Request::from_parts(parts, body)).unwrap();
        let answer = reqwest::Client::new().execute(request).await.map_err(|error| error.to_string())?;
        let (good, text) = (answer.status().is_success(), answer.text().await.map_err(|error| error.to_string())?);
        if good { Ok(text) } else { Err(text) }
    }
}

fn form(version: &str, action: &str, pairs: &[(&str, &str)]) -> String {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.append_pair("Action", action).append_pair("Version", version).extend_pairs(pairs);
    body.finish()
}

/// The texts of the elements of that name that hold no others.
pub(crate) fn words(xml: &str, name: &str) -> Vec<String> {
    let document = Document::parse(xml).unwrap();
    let leaves = document.descendants().filter(|node| node.tag_name().name() == name && !has_children(node));
    leaves.map(|leaf| leaf.text().unwrap_or_default().to_owned()).collect()
}

fn has_children(node: &Node<'_, '_>) -> bool {
    node.children().any(|child| child.is_element())
}

/// The members of the list of that name.
pub(crate) fn members<'a, 'input>(
    document: &'a Document<'input>,
    list: &'a str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    let lists = document.descendants().filter(move |node| node.tag_name().name() == list);
    lists.flat_map(|list| list.children().filter(|node| node.is_element()))
}

/// The texts of the elements of that name inside of `node`.
pub(crate) fn within<'a>(node: Node<'a, '_>, name: &str) -> Vec<&'a str> {
    node.descendants().filter(|inner| inner.tag_name().name() == name).filter_map(|inner| inner.text()).collect()
}
