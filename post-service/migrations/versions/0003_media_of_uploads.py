"""A post's media may show an upload, which lasts as long as something does."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the reference; there is nothing yet that it could be wrong about."""
    op.execute("""
        ALTER TABLE media ADD COLUMN upload_id bigint;
        ALTER TABLE media ADD CONSTRAINT media_upload_id_fkey
            FOREIGN KEY (upload_id) REFERENCES uploads NOT VALID;

        -- An upload lasts while media show it. A post gets and loses media where it is made and
        -- changed, where it is deleted, and where its author is: one place for all of them.
        CREATE FUNCTION hold_uploads() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE uploads SET expires_at = NULL
            WHERE id IN (SELECT upload_id FROM made) AND expires_at IS NOT NULL;
            RETURN NULL;
        END $$;
        CREATE TRIGGER media_hold AFTER INSERT ON media
            REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION hold_uploads();
        CREATE FUNCTION release_uploads() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE uploads SET expires_at = statement_timestamp()
            WHERE id IN (SELECT upload_id FROM gone) AND NOT is_avatar
                AND NOT EXISTS (SELECT FROM media WHERE media.upload_id = uploads.id);
            RETURN NULL;
        END $$;
        CREATE TRIGGER media_release AFTER DELETE ON media
            REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION release_uploads();
    """)


def downgrade() -> None:
    """Take it back."""
    op.execute("""
        DROP TRIGGER media_hold ON media;
        DROP TRIGGER media_release ON media;
        DROP FUNCTION hold_uploads, release_uploads;
        ALTER TABLE media DROP COLUMN upload_id;
    """)
