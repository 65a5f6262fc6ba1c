using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;

var text = Encoding.UTF8.GetBytes("The quick brown fox jumps over the lazy dog");
Console.WriteLine(Convert.ToHexString(MD5.HashData(text)));
Console.WriteLine(Convert.ToHexString(SHA1.HashData(text)));
Console.WriteLine(Convert.ToHexString(SHA256.HashData(text)));
Console.WriteLine(Convert.ToHexString(SHA384.HashData(text)));
Console.WriteLine(Convert.ToHexString(SHA512.HashData(text)));
Console.WriteLine(SHA3_256.IsSupported);
Console.WriteLine(Convert.ToHexString(SHA3_256.HashData(text)));
using (var sha = SHA256.Create())
    Console.WriteLine(Convert.ToHexString(sha.ComputeHash(new MemoryStream(text))));
using (var incremental = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
{
    incremental.AppendData(text, 0, 10);
    Console.WriteLine(Convert.ToHexString(incremental.GetCurrentHash()));
    incremental.AppendData(text, 10, text.Length - 10);
    Console.WriteLine(Convert.ToHexString(incremental.GetHashAndReset()));
}
Console.WriteLine(Convert.ToHexString(HMACSHA256.HashData(text, text)));
using (var hmac = new HMACSHA512(text))
{
    Console.WriteLine(Convert.ToHexString(hmac.ComputeHash(text)));
    Console.WriteLine(Convert.ToHexString(hmac.ComputeHash(text, 1, 5)));
}
Console.WriteLine(Convert.ToHexString(Rfc2898DeriveBytes.Pbkdf2("password", text, 1000, HashAlgorithmName.SHA256, 32)));
Console.WriteLine(Convert.ToHexString(HKDF.DeriveKey(HashAlgorithmName.SHA256, text, 42, text, text)));
Console.WriteLine(RandomNumberGenerator.GetBytes(16).Length + " " + (RandomNumberGenerator.GetInt32(10) < 10) + " " + RandomNumberGenerator.GetHexString(8).Length);
var key = SHA256.HashData(text);
using (var aes = Aes.Create())
{
    aes.Key = key;
    var iv = MD5.HashData(text);
    foreach (var padding in new[] { PaddingMode.PKCS7, PaddingMode.ANSIX923 })
    {
        var sealedText = aes.EncryptCbc(text, iv, padding);
        Console.WriteLine(Convert.ToHexString(sealedText) + " " + Encoding.UTF8.GetString(aes.DecryptCbc(sealedText, iv, padding)));
    }
    Console.WriteLine(Convert.ToHexString(aes.EncryptEcb(text, PaddingMode.PKCS7)));
    Console.WriteLine(Convert.ToHexString(aes.EncryptCfb(text, iv, PaddingMode.PKCS7, 8)));
    aes.IV = iv;
    var memory = new MemoryStream();
    using (var stream = new CryptoStream(memory, aes.CreateEncryptor(), CryptoStreamMode.Write, leaveOpen: true))
        stream.Write(text);
    memory.Position = 0;
    Console.WriteLine(new StreamReader(new CryptoStream(memory, aes.CreateDecryptor(), CryptoStreamMode.Read)).ReadToEnd());
    try
    {
        aes.DecryptCbc(new byte[16], iv);
    }
    catch (CryptographicException error)
    {
        Console.WriteLine(error.Message);
    }
}
using (var gcm = new AesGcm(key, 16))
{
    var nonce = new byte[12];
    var sealedText = new byte[text.Length];
    var tag = new byte[16];
    gcm.Encrypt(nonce, text, sealedText, tag, key);
    Console.WriteLine(Convert.ToHexString(sealedText) + " " + Convert.ToHexString(tag));
    var plain = new byte[text.Length];
    gcm.Decrypt(nonce, sealedText, tag, plain, key);
    Console.WriteLine(Encoding.UTF8.GetString(plain));
    tag[0] ^= 1;
    try
    {
        gcm.Decrypt(nonce, sealedText, tag, plain, key);
    }
    catch (AuthenticationTagMismatchException error)
    {
        Console.WriteLine(error.Message);
    }
}
Console.WriteLine(CryptographicOperations.FixedTimeEquals(key, key));
