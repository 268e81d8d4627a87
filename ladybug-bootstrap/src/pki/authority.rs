//! Certificate authorities, and the clients that they vouch for.

use std::time::Duration;

use ladybug_core::{Entropy, Error, ErrorKind, Result, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod,
    KeyUsagePurpose, SerialNumber,
};

use super::Key;

/// Certificates are good from a little before they were made, for machines whose clocks are behind.
const BACKDATED: Duration = Duration::from_secs(3600);

/// How long a CA is good for.
pub(crate) const CA_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86400);

/// A CA of a cluster.
pub(crate) struct Authority {
    name: &'static str,
    key: Key,
}

/// Whom a client's certificate names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client<'a> {
    /// The user.
    pub(crate) name: &'a str,
    /// The user's group.
    pub(crate) group: &'a str,
    /// How long the certificate is good for.
    pub(crate) lifetime: Duration,
}

impl Authority {
    /// The CA of that name with this key.
    pub(crate) const fn new(name: &'static str, key: Key) -> Self {
        Self { name, key }
    }

    /// Its key.
    pub(crate) const fn key(&self) -> &Key {
        &self.key
    }

    /// Its own certificate, in PEM.
    pub(crate) fn certificate(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<String> {
        let params = params(Subject { name: self.name, group: None }, (now, CA_LIFETIME), &self.key, entropy)?;
        self.as_ca(params).self_signed(&self.key).map(|certificate| certificate.pem()).map_err(failed)
    }

    /// A certificate for a client's public key, in PEM.
    pub(crate) fn issue(
        &self,
        client: &Client<'_>,
        key: &Key,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<String> {
        let subject = Subject { name: client.name, group: Some(client.group) };
        let mut params = params(subject, (now, client.lifetime), key, entropy)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let own = self.as_ca(named(Subject { name: self.name, group: None }, &self.key));
        let issuer = Issuer::from_params(&own, &self.key);
        params.signed_by(key, &issuer).map(|certificate| certificate.pem()).map_err(failed)
    }

    fn as_ca(&self, mut params: CertificateParams) -> CertificateParams {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::KeyEncipherment];
        params
    }
}

#[derive(Clone, Copy)]
struct Subject<'a> {
    name: &'a str,
    group: Option<&'a str>,
}

fn named(subject: Subject<'_>, key: &Key) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    subject.group.iter().for_each(|group| params.distinguished_name.push(DnType::OrganizationName, *group));
    params.distinguished_name.push(DnType::CommonName, subject.name);
    params.key_identifier_method = KeyIdMethod::PreSpecified(key.identifier());
    params
}

fn params(
    subject: Subject<'_>,
    (now, lifetime): (Timestamp, Duration),
    key: &Key,
    entropy: &dyn Entropy,
) -> Result<CertificateParams> {
    let mut serial = [0; 16];
    entropy.fill(&mut serial)?;
    let mut params = named(subject, key);
    // A serial number is positive and has no leading zero.
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let begin = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_millis(now.as_millis());
    params.not_before = begin - BACKDATED;
    params.not_after = begin + lifetime;
    Ok(params)
}

fn failed(cause: rcgen::Error) -> Error {
    Error::new(ErrorKind::Unexpected, "sign a certificate").with_source(cause)
}
