//! Planning: connection, dialect, machine types, zones, image, and what the server thinks of them together.

use futures::future::try_join_all;
use ladybug_core::{
    Error, ErrorKind, Result, Zone,
    cloud::{Call, MachineChoice, MachineQuery},
};
use serde_json::{Value, json};

use super::{
    TumblebugDriver, choose,
    client::{Ask, part},
    error::is_absence,
    model::{Anything, Connection, Image, Images, Review, Spec, Zones},
};

/// Where the server keeps the specs and images of all clouds.
const CATALOG: &str = "/ns/system/resources";

impl TumblebugDriver {
    pub(super) async fn choose(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        self.check_dialect(cx).await?;
        if query.spot {
            return Err(no_spot());
        }
        let connection = self.connection(cx, &query.region).await?;
        let specs = self.specs(cx, &connection, query).await?;
        let first = specs.first().ok_or_else(|| nothing_fits(&connection, query))?;
        let image = self.image(cx, &connection, query, &first.id).await?;
        self.review(cx, &first.id, &image).await?;
        let zoned = try_join_all(specs.into_iter().map(|spec| self.with_zones(cx, &connection, spec))).await?;
        let offers = choose::offers(query, &zoned);
        if offers.is_empty() {
            return Err(no_zone(&connection, query));
        }
        Ok(MachineChoice::new(image, query.machine.arch, offers))
    }

    /// Refuses a server that speaks an older dialect.
    ///
    /// # Errors
    /// `Unsupported`, naming the dialect.
    async fn check_dialect(&self, cx: &Call) -> Result<()> {
        let ask = |word: &str| {
            let what = format!("ask the server whether it speaks of {word}");
            Ask::get(what, self.path(&format!("/{word}?option=id")))
        };
        let refusal = match self.client.find::<Value>(cx, ask("infra")).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => error,
            Err(error) => return Err(error),
            Ok(_) => return Ok(()),
        };
        for (word, versions) in [("mci", "0.9.5 to 0.12.5"), ("mcis", "0.9.4 or earlier")] {
            if self.client.find::<Value>(cx, ask(word)).await.is_ok() {
                return Err(Error::new(ErrorKind::Unsupported, "use the Tumblebug server")
                    .with_message(format!("it speaks the dialect of /{word}, which is that of version {versions}"))
                    .with_remedy("use Tumblebug 0.12.6 or later, whose machines are /infra"));
            }
        }
        Err(refusal)
    }

    /// The machine types that fit, best first.
    async fn specs(&self, cx: &Call, connection: &Connection, query: &MachineQuery) -> Result<Vec<Spec>> {
        if let Some(wanted) = &query.machine.machine_type {
            return self.named_spec(cx, connection, query, wanted).await.map(|spec| vec![spec]);
        }
        let ask = Ask::post("list machine types", "/recommendSpec", choose::spec_request(connection, query));
        let candidates: Option<Vec<Spec>> = self.client.read(cx, ask).await?;
        Ok(choose::fitting(connection, query, candidates.unwrap_or_default()))
    }

    async fn named_spec(&self, cx: &Call, connection: &Connection, query: &MachineQuery, wanted: &str) -> Result<Spec> {
        let id = choose::spec_id(connection, wanted);
        let ask = Ask::get(format!("look up the machine type {id}"), format!("{CATALOG}/spec/{}", part(&id)));
        let spec: Spec = self.client.read(cx, ask).await?;
        let fits = spec.connection_name == connection.config_name
            && choose::arch(&spec.architecture).is_none_or(|arch| arch == query.machine.arch);
        if fits {
            return Ok(spec);
        }
        Err(Error::new(ErrorKind::NotFound, format!("look up the machine type {wanted}"))
            .with_message(format!("{id} is of connection {} and {}", spec.connection_name, spec.architecture))
            .with_remedy("name a machine type of the pool's region and architecture"))
    }

    /// The image's id.
    async fn image(&self, cx: &Call, connection: &Connection, query: &MachineQuery, spec: &str) -> Result<String> {
        if let Some(id) = &query.image.id {
            let ask = Ask::get(format!("look up the image {id}"), format!("{CATALOG}/image/{}", part(id)));
            return self.client.read::<Anything>(cx, ask).await.map(|Anything {}| id.clone());
        }
        let what = format!("look for an image of {}", choose::os(query));
        let ask =
            Ask::post(what.clone(), format!("{CATALOG}/searchImage"), choose::image_request(connection, query, spec));
        let images = self.client.find::<Images>(cx, ask).await?.unwrap_or_default();
        let id = |image: Image| if image.csp_image_name.is_empty() { image.id } else { image.csp_image_name };
        choose::newest(query, images.image_list).map(id).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, what)
                .with_message(format!("{} has none for {spec}", connection.config_name))
                .with_remedy("name another image, or let Tumblebug fetch those of the cloud (POST /fetchImages)")
        })
    }

    /// Lets the server say what it thinks of a spec with an image, before anything is made.
    async fn review(&self, cx: &Call, spec: &str, image: &str) -> Result<()> {
        let what = format!("check {spec} with image {image}");
        let body = json!({ "specId": spec, "imageId": image });
        let review: Review = match self.client.read(cx, Ask::post(what.clone(), "/specImagePairReview", body)).await {
            Err(error) if is_absence(&error) => return Err(error),
            other => other?,
        };
        if review.is_valid {
            return Ok(());
        }
        let why = if review.errors.is_empty() { review.message } else { review.errors.join("; ") };
        Err(Error::new(ErrorKind::InvalidSpec, what)
            .with_message(format!("Tumblebug refuses the two together: {why}"))
            .with_remedy("choose another machine type or image"))
    }

    /// The spec with the zones that have it; none where the cloud has no zones.
    async fn with_zones(&self, cx: &Call, connection: &Connection, spec: Spec) -> Result<(Spec, Vec<Zone>)> {
        if super::subnet::zones(connection, true).is_empty() {
            return Ok((spec, Vec::new()));
        }
        let ask = Ask::get(
            format!("list the zones that have {}", spec.id),
            format!("/availableZonesForSpec?specId={}", part(&spec.id)),
        );
        let zones = self.client.find::<Zones>(cx, ask).await?.unwrap_or_default();
        let known = if zones.has_zone_concept { zones.available_zones } else { Vec::new() };
        // Only zones that the network has a subnet in can be used.
        let usable = super::subnet::zones(connection, true);
        let known: Vec<Zone> =
            known.iter().filter(|zone| usable.contains(zone)).filter_map(|zone| zone.parse().ok()).collect();
        Ok((spec, known))
    }
}

fn nothing_fits(connection: &Connection, query: &MachineQuery) -> Error {
    let wish = &query.machine;
    Error::new(ErrorKind::NotFound, format!("choose a machine type of {}", connection.config_name))
        .with_message(format!(
            "none has {} vCPU, {} GiB, {} GPUs and architecture {:?}",
            wish.vcpu, wish.memory_gib, wish.gpu, wish.arch
        ))
        .with_remedy("wish for less, or let Tumblebug fetch the specs of the cloud (POST /fetchSpecs)")
}

fn no_zone(connection: &Connection, query: &MachineQuery) -> Error {
    let zones: Vec<_> = query.zones.iter().map(|zone| zone.as_str()).collect();
    Error::new(ErrorKind::NotFound, format!("choose a zone of {}", connection.config_name))
        .with_message(format!("no fitting machine type can be had in: {}", zones.join(", ")))
        .with_remedy("name other zones, or none")
}

fn no_spot() -> Error {
    Error::new(ErrorKind::Unsupported, "choose a machine that the cloud may take back")
        .with_message("Tumblebug has none")
        .with_remedy("take `spot` out of the pool, or use a direct provider")
}
